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
 * The part of a package manager's output that tells the cause, on one line.
 * @param {string} output
 */
export function causeIn(output) {
  return causeOfPnpm(output) ?? causeOfNpm(output) ?? 'it said nothing'
}

/**
 * pnpm draws the chain of causes; its last link, wrapped over several lines, stands behind the arrow in the corner.
 * @param {string} output
 */
function causeOfPnpm(output) {
  const [, lastLink] = /╰─▶ (.*(?:\n {6}\S.*)*)/.exec(output) ?? []
  return lastLink?.replaceAll(/\s+/g, ' ').trim()
}

/**
 * npm writes several lines behind a prefix, of which one tells something.
 * @param {string} output
 */
function causeOfNpm(output) {
  const lines = output
    .split('\n')
    .map((line) => line.replace(/^npm (error|ERR!) ?/, '').trim())
    .filter((line) => line !== '' && !/^(A complete log|code |errno |syscall |npm warn)/.test(line))
  const telling = lines.find((line) => /ERR_[A-Z_]+|\bE[A-Z]{3,}|\bE?404\b|denied|no space/.test(line))
  return telling ?? lines.at(-1)
}
