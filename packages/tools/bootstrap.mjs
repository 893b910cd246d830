// Entry of every root script: brings the pinned Node and pnpm, installs, runs one task. It must start on any Node that
// knows ES modules, so that a Node which is too old is told so instead of meeting a syntax error: keep this file plain.
const oldest = 18
const running = process.versions.node

if (Number(running.split('.')[0]) < oldest) {
  console.error(`waybill: this is Node ${running}, and the set-up needs Node ${oldest} or newer to start`)
  console.error(`  Install any Node from ${oldest} on, and run the command again; it fetches the pinned one by itself.`)
  process.exit(1)
} else {
  void import('./bootstrap/main.mjs').then((bootstrap) => bootstrap.main(process.argv.slice(2)))
}
