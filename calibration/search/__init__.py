"""The methods of search: integer searches for dates and answers; tilting, programme and descent for histories."""
