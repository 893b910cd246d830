/** Tells people what happens, on standard error: a first preparation takes minutes, and installs things. */
export function say(line: string): void {
  process.stderr.write(`waybill: ${line}\n`)
}
