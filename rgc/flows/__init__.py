"""Schemes, one a file, and what they share, a folder for each kind.

`sampling/` holds the road of the samplers `sample` and `mcrg`:

    spec --make_model--> groups, exact couplings, sectors                              (sampler.py; merge_terms, find_sectors)
         --make_sampler--> coloured sites, acceptance, update, kernel                  (sampler.py; colour_sites, choose_*, hamiltonian_to_update)
         --make_levels--> operators by sector, block maps, recorders                   (levels.py; generate_operators, block_to_rule)
         --observables_of--> what to measure, the energy put in its place              (observables.py; passes/built_in.py)
         --make_estimator--> averages to take and sums to tally, their errors          (estimator.py, recorder.py)
         --make_plan--> which sweeps and records a step of the runner makes            (plan.py)

`couplings/` holds maps of couplings K' = R(K) and the one flow that studies them: `exact`, `migdal_kadanoff`, `cumulant`, `lower_bound`. `clusters/`
holds finite clusters, all their states at once, for `enumerate` and for cells; `tensors/` the site tensor and its spectra, for `trg`, `hotrg`, and
transfer matrices. `free_energies.py` runs methods of `free_energy(...)` one after the other.

A new scheme is a file here and a line in `rgc.compiler.FLOWS`: a function (spec, backend, *, seed, point, zero) -> `rgc.flows.flow.Flow`,
where `zero` names the terms whose coefficient is 0 at every point of the run.
A new observable with a name of its own is a function in `rgc/passes/built_in.py`.
"""
