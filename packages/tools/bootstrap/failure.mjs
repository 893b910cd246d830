/** Something the user can mend. It is printed as one message: what failed, why, and what to do; never with a stack. */
export class BootstrapFailure extends Error {
  /**
   * @param {string} what what was attempted and why it failed
   * @param {readonly string[]} remedies what to do, one line each
   */
  constructor(what, remedies) {
    super(what)
    this.remedies = remedies
  }

  /** @returns {string} */
  render() {
    return [`waybill: ${this.message}`, ...this.remedies.map((line) => `  ${line}`)].join('\n')
  }
}

/**
 * The line of a package manager's output that tells the cause.
 * @param {string} output
 */
export function causeIn(output) {
  const lines = output
    .split('\n')
    .map((line) => line.replace(/^npm (error|ERR!) ?/, '').trim())
    .filter((line) => line !== '' && !/^(A complete log|code |errno |syscall |WARN|warn)/i.test(line))
  const telling = lines.find((line) =>
    /(ERR_[A-Z_]+|E[A-Z]{3,}|request to .* failed|not found|denied|no space)/i.test(line),
  )
  return telling ?? lines.at(-1) ?? 'it said nothing'
}
