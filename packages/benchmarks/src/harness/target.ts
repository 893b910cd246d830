/** What a figure has to reach. One bound or two, both inclusive. */
export interface Target {
  readonly of: 'ratio' | 'rate'
  readonly atLeast?: number
  readonly atMost?: number
}

export function meets({ atLeast, atMost }: Target, figure: number): boolean {
  return figure >= (atLeast ?? Number.NEGATIVE_INFINITY) && figure <= (atMost ?? Number.POSITIVE_INFINITY)
}

/** For example `ratio ≥ 0.8` or `≤ 5 ms`. */
export function describeTarget({ of, atLeast, atMost }: Target, unit: string): string {
  const [subject, suffix] = of === 'ratio' ? ['ratio ', ''] : ['', ` ${unit}`]
  if (atLeast !== undefined && atMost !== undefined) return `${subject}${atLeast} to ${atMost}${suffix}`
  return atLeast === undefined ? `${subject}≤ ${atMost}${suffix}` : `${subject}≥ ${atLeast}${suffix}`
}
