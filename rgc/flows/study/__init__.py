"""Questions about a map of couplings: trajectory, ledger, fixed points, spectra, flow diagram."""
