import { readFileSync } from 'node:fs'

/**
 * Names a process so that another process, which has got its number later, is not taken for it: number and, where the
 * system tells it, time of start.
 */
export function identityOf(pid: number): string {
  return `${pid}.${startOf(pid) ?? ''}`
}

/** Whether the process of this machine that an identity names still runs. */
export function isRunning(identity: string): boolean {
  const [pid = '', start = ''] = identity.split('.')
  try {
    process.kill(Number(pid), 0)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false
  }
  return start === '' || startOf(Number(pid)) === start
}

/** In clock ticks since boot (proc_pid_stat(5), field 22); undefined where there is no /proc, or no such process. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The second field is the program's name in parentheses, which may hold spaces and parentheses itself.
    const [state, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return state === 'Z' ? undefined : rest[18]
  } catch {
    return undefined
  }
}
