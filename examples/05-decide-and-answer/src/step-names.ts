/** The steps of a request on its way through the service. At any of them the process may end, and nothing goes wrong. */
export const steps = [
  'before-receipt',
  'after-receipt',
  'after-decision',
  'after-outcome',
  'after-enqueue',
  'before-commit',
  'after-commit',
  'before-publish',
  'after-publish',
] as const
export type Step = (typeof steps)[number]
