import { spawn } from 'node:child_process'

/**
 * Runs a program to its end without showing its output, and says every few seconds that it is still at it.
 * @param {string} file
 * @param {readonly string[]} args
 * @param {{ cwd: string, env: NodeJS.ProcessEnv, title: string, heartbeatMs?: number }} options
 * @returns {Promise<{ code: number | null, output: string }>} output is stdout and stderr as they came
 */
export function runQuietly(file, args, options) {
  const started = Date.now()
  const seconds = () => Math.round((Date.now() - started) / 1000)
  console.error(`waybill: ${options.title}`)
  const heartbeat = setInterval(
    () => console.error(`waybill: … still ${options.title} (${seconds()} s)`),
    options.heartbeatMs ?? 10_000,
  )
  return new Promise((resolve) => {
    /** @type {string[]} */
    const output = []
    const child = spawn(file, args, {
      cwd: options.cwd,
      env: options.env,
      stdio: ['ignore', 'pipe', 'pipe'],
      shell: needsShell(file),
    })
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (chunk) => output.push(chunk))
    child.on('error', (error) => output.push(`${error.message}\n`))
    child.on('close', (code) => {
      clearInterval(heartbeat)
      resolve({ code, output: output.join('') })
    })
  })
}

/**
 * Runs a program in our place: same terminal, signals passed on, its end is ours.
 * @param {string} file
 * @param {readonly string[]} args
 * @param {{ cwd: string, env: NodeJS.ProcessEnv }} options
 * @returns {Promise<number>} the exit code
 */
export function runInPlace(file, args, options) {
  const child = spawn(file, args, { cwd: options.cwd, env: options.env, stdio: 'inherit' })
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']))
    process.on(signal, () => child.kill(signal))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => resolve(code ?? (signal === 'SIGINT' ? 130 : 1)))
  })
}

/**
 * Windows starts .cmd files only through its shell.
 * @param {string} file
 */
function needsShell(file) {
  return process.platform === 'win32' && !file.endsWith('.exe')
}
