"""The second route: received files to derived tables by plain programs, derived tables to estimates by packages.

Nothing here is shared with the pipeline that it checks: a fault would have to be made twice.
"""
