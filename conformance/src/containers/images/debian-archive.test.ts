import { describe, expect, it } from 'vitest'
import { archiveIn, proxiesIn } from './debian-archive.ts'

describe('archiveIn', () => {
  it('takes Debian itself, not its security archive nor others', () => {
    const targets = [
      'Other|Tools|https://packages.example.com/apt/',
      'Debian|Debian-Security|http://mirror.example.com/debian-security/',
      'Debian|Debian|http://mirror.example.com/debian/',
    ]
    expect(archiveIn(targets.join('\n'))).toBe('http://mirror.example.com/debian/')
  })

  it('finds none among the sources of another distribution', () => {
    expect(archiveIn('Ubuntu|Ubuntu|http://mirror.example.com/ubuntu/\n')).toBeUndefined()
  })
})

describe('proxiesIn', () => {
  it('translates the proxies of apt', () => {
    const settings = 'Acquire::http::Proxy "http://proxy:3128";\nAcquire::https::Proxy "DIRECT";\n'
    expect(proxiesIn(settings)).toEqual({ http_proxy: 'http://proxy:3128' })
  })
})
