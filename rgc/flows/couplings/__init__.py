"""Maps of couplings K' = R(K), one for each scheme, of which `rgc.flows.study` asks the same
questions.
"""
