"""Models of other programs as specs: what `rgc convert` reads besides specs.

- `dimod`: binary quadratic models, as `.coo` text, the `.json` of `to_serializable` or the `.bqm`
  of `to_file`. Rows of `.coo` may also name three and more variables.
- `alps`: lattices and models of the ALPS libraries, `.xml`.

What they say and a spec cannot is refused by its name.
"""
