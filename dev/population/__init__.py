"""The generator of the demo's invented customers. It imports nothing of the product, which is evaluated on its customers.

`parameters.toml` has every figure with its source. The draws depend on the seed, the customer and the day, so two runs on the
same day are the same, and a later run continues the days of an earlier one.
"""
