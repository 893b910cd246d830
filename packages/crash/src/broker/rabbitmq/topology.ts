/** Of each topic: the queue of a consumer group, as the adapter names it, and one that nobody reads before the judge does. */
export const queueOf = (topic: string, group: string): string => `${topic}.${group}`
export const witness = 'witness'
