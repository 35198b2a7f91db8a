"""Maps of couplings K' = R(K), one a scheme, and the one flow that asks all questions of them."""
