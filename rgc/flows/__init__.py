"""Schemes, one per file, and what they share, one folder for each kind.

`sampling/` holds the road of the samplers `sample` and `mcrg`. It begins at the spec:

- `make_model` gives groups, exact couplings and sectors (`sampler.py`; `merge_terms`,
  `find_sectors`).
- `make_sampler` gives coloured sites, acceptance, update and kernel (`sampler.py`; `colour_sites`,
  `choose_acceptance`, `choose_update`, `hamiltonian_to_update`).
- `make_levels` gives operators by sector, block maps and recorders (`levels.py`;
  `generate_operators`, `block_to_rule`).
- `observables_of` gives what to measure, with the energy put in its place (`observables.py`;
  `passes/built_in.py`).
- `make_estimator` gives the averages to take, the sums to tally and their errors (`estimator.py`,
  `recorder.py`).
- `make_plan` gives the sweeps and records that a step of the runner makes (`plan.py`).

The other folders:

- `study/` holds the one flow that asks questions of a map of couplings K' = R(K).
- `couplings/` holds such maps: `exact`, `migdal_kadanoff`, `cumulant`, `lower_bound`.
- `enumeration/` holds finite clusters, all their states at once, for `enumerate` and for cells.
- `tensors/` holds the site tensor and its spectra, for `trg` and `hotrg`.
- `free_energies/` holds the methods of `free_energy(...)`, and `service.py`, which runs them one
  after the other.

The maker of a flow is a function from `rgc.flows.request.Request` to `rgc.flows.flow.Flow`. The
file of the scheme in `rgc.schemes` says where it is, and `rgc.schemes.free_energies` does so for
the methods of a free energy. A new observable with a name of its own is a function in
`rgc/passes/built_in.py`.
"""
