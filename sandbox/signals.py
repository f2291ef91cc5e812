"""What the registrar tells the rest of the site about runs.

Both carry `run`, and are sent inside the transaction that changed its row: what a receiver writes is kept
together with the change, or not at all. A receiver that raises is called again with the next delivery.
"""

from django.dispatch import Signal

run_changed = Signal()  # starting, running
run_ended = Signal()  # exactly once for each run, its archive readable by `run.events()`
