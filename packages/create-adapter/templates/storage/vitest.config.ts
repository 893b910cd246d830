import { defineConfig } from 'vitest/config'

// A rule ends by itself, and says what it waited for: after 15 seconds, and four times that when it is judged once more.
export default defineConfig({ test: { testTimeout: 90_000, hookTimeout: 90_000 } })
