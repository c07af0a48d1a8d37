"""Everything that only measures: generators, simulators, benches. Not in the default wheel."""
