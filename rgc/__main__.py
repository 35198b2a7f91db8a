"""`python -m rgc`."""

import sys

from rgc.cli import main

sys.exit(main())
