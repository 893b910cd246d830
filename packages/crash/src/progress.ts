const everyMs = { onTerminal: 200, elsewhere: 3000 } as const

/** One line on standard error, in place on a terminal, else a new line every few seconds. */
export class Progress {
  #line: () => string = () => ''
  #timer: NodeJS.Timeout | undefined

  start(line: () => string): void {
    this.#line = line
    this.#timer = setInterval(() => this.#write(), process.stderr.isTTY ? everyMs.onTerminal : everyMs.elsewhere)
  }

  /** Shows the line for the last time. */
  stop(): void {
    if (this.#timer === undefined) return
    clearInterval(this.#timer)
    this.#write()
    if (process.stderr.isTTY) process.stderr.write('\n')
  }

  #write(): void {
    const { stderr } = process
    if (stderr.isTTY) stderr.write(`\r\u001b[2K${this.#line().slice(0, stderr.columns - 1)}`)
    else stderr.write(`${this.#line()}\n`)
  }
}
