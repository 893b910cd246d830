export interface Progress {
  readonly step: (text: string) => void
  /** @param figures - Shown where the output is kept, so that a run that is cut off has not been for nothing. */
  end(figures: string): void
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
    end: (figures) => {
      const seconds = `${Math.round((performance.now() - startedAt) / 1000)} s`
      show(seconds, '\n')
      if (!stderr.isTTY) stderr.write(`${seconds}\n${figures}\n`)
    },
  }
}
