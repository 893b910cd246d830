import type { WriteStream } from 'node:tty'

const everyMs = { onTerminal: 100, elsewhere: 2000 } as const

/** One line, shown again and again: in place on a terminal, else as a new line every two seconds. */
export class ProgressLine {
  readonly #stream: WriteStream
  #line: () => string = () => ''
  #timer: NodeJS.Timeout | undefined

  constructor(stream: WriteStream) {
    this.#stream = stream
  }

  start(line: () => string): void {
    this.#line = line
    this.#timer = setInterval(() => this.#write(), this.#stream.isTTY ? everyMs.onTerminal : everyMs.elsewhere)
  }

  /** Shows the line for the last time. */
  stop(): void {
    if (this.#timer === undefined) return
    clearInterval(this.#timer)
    this.#write()
    if (this.#stream.isTTY) this.#stream.write('\n')
  }

  #write(): void {
    if (this.#stream.isTTY) this.#stream.write(`\r\u001b[2K${this.#line().slice(0, this.#stream.columns - 1)}`)
    else this.#stream.write(`${this.#line()}\n`)
  }
}
