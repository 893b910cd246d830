import type { BenchResult } from './result.ts'

const headings = ['benchmark', 'rate', 'against', 'ratio', 'target', 'met'] as const

/** The results as a table for people. */
export function renderTable(results: readonly BenchResult[]): string {
  const rows = [[...headings], ...results.map(cells)]
  const widths = headings.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function cells({ name, rate, unit, against, ratio, target, met }: BenchResult): string[] {
  const verdict = { true: 'yes', false: 'NO', null: '' }[String(met) as 'true' | 'false' | 'null']
  return [name, `${rate.toLocaleString('en')} ${unit}`, against ?? '', ratio?.toFixed(2) ?? '', target ?? '', verdict]
}
