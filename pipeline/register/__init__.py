"""All that knows registers such as DREAM: their forms, calendar, codes, states, and how deliveries are read."""
