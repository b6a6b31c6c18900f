/** Mistakes that can be planted into a run, each the kind that the simulation is there to find. */
export const PLANTED_FAULTS = {
  'no-dedupe': 'the log keeps a second copy of an id',
  'new-id': 'a client repeats an event under a new id',
  'early-answer': 'an append answers before its commit',
  'told-refused': 'an append whose outcome is unknown is told as refused',
  'no-deadline': 'an append waits for as long as the write takes',
  'early-head': 'a lane is given on while the last transaction of its old session runs',
  'position-first': 'the position moves in a transaction of its own, before the count',
  'no-compare': 'the position is set without being compared',
  'skipping-half': 'the half of a batch that was refused moves the position over all of it',
  'blind-parking': 'parking does not compare the position',
  'late-clock': 'complete_through is taken after the read',
  'late-lanes': 'complete_through is taken after the lanes were listed',
} as const;

export type PlantedFault = keyof typeof PLANTED_FAULTS;
