export interface Progress {
  readonly step: (text: string) => void
  end(): void
}

/** Shows on standard error what is being measured: one line that changes on a terminal, else one line a benchmark. */
export function progressOf(title: string): Progress {
  const { stderr } = process
  const startedAt = performance.now()
  if (!stderr.isTTY) stderr.write(`${title}\n`)
  const show = (text: string, end: string) => {
    if (stderr.isTTY) stderr.write(`\r\u001b[K${title}: ${text}${end}`)
  }
  return {
    step: (text) => show(text, ''),
    end: () => show(`${Math.round((performance.now() - startedAt) / 1000)} s`, '\n'),
  }
}
