"""What the training stream of a layer is for, besides the draws of its updates.

Numbers of draws are keyed by these, so they never change.
"""

(
    WEIGHTS,
    ORDER,
    OFFSET,
    CHAINS,
    LOOKED,
    UPWARD,
    ANNEALED,
    DESCENT,
    STRIPS,
    FOLLOWED,
    ITERATED,
) = range(11)
"""First weights; the order of the rows of an epoch, and where its weighted rows begin; first states
of chains; reconstructions; the states that the layer above is trained on; annealing; the visible
states of chains at the end; those of rows that come down through the stack; annealing on the way;
the states of chains that go up and down many times.
"""
