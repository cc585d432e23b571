"""All that knows the DREAM register: its calendar, its codes and the readers of its files."""
