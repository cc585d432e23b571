"""The second route to every number: derived tables by plain programs, estimates by packages, exhibits beside them.

Nothing in `plain` and `packages` is shared with the pipeline that they check: a fault would have to be made twice. The
walk of every number to received cells, in `walked`, is the pipeline's own.
"""
