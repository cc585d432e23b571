"""Every settings file as a frozen object that refuses unknown keys: study, outcomes, models, exhibits, extract."""
