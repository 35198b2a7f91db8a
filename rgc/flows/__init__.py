"""The flows of schemes and what they share, one folder for each kind.

`sampling/` holds the road of the samplers `sample` and `mcrg`:

    spec --make_model-->     groups, exact couplings, sectors            (sampler.py)
         --make_sampler-->   coloured sites, acceptance, update, kernel  (sampler.py)
         --make_levels-->    operators by sector, maps, recorders        (levels.py)
         --observables_of--> what to measure, with the energy in place   (observables.py)
         --make_estimator--> averages, sums to tally, their errors       (estimator.py, recorder.py)
         --make_plan-->      which sweeps and records a step makes       (plan.py)
         --mcrg_result-->    spectra by level and map, exponents         (mcrg_*.py)

The other folders:

- `study/` holds the one flow that asks questions of a map of couplings K' = R(K).
- `couplings/` holds such maps: `exact`, `migdal_kadanoff`, `cumulant`, `lower_bound`.
- `enumeration/` holds finite clusters, all their states at once, for `enumerate` and for cells.
- `data/` holds rows of training data, and points.
- `maps/` holds maps that a spec writes, for `iterate`, and `matrices/` maps that are matrices.
- `machines/` holds restricted Boltzmann machines and their training, for `train`.
- `tensors/` holds the site tensor and its spectra, for `trg` and `hotrg`.
- `free_energies/` holds the methods of `free_energy(...)`, and `service.py`, which runs them one
  after the other.

The maker of a flow is a function from `rgc.flows.request.Request` to `rgc.flows.flow.Flow`. The
file of the scheme in `rgc.schemes` says where it is, and `rgc.schemes.free_energies` does so for
the methods of a free energy. A new observable with a name of its own is a function in
`rgc/passes/built_in.py`.
"""
