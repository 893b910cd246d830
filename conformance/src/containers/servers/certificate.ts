import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'

/** A key with a certificate that nobody has signed but itself, both as PEM. */
export interface Certificate {
  readonly certificate: string
  readonly key: string
}

/** The name that the certificate is for, whatever the address of the server. */
export const certifiedName = 'localhost'

const day = 86_400_000
const oid = {
  commonName: [0x55, 0x04, 0x03],
  subjectAltName: [0x55, 0x1d, 0x11],
  basicConstraints: [0x55, 0x1d, 0x13],
  ecdsaWithSha256: [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02],
} as const

/**
 * Makes a certificate for a server in a container, for a month: by hand, since Node cannot and not every machine or image has a
 * tool for it. The structure is that of RFC 5280, section 4.1.
 */
export function makeCertificate(): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const algorithm = sequence(identifier(oid.ecdsaWithSha256))
  const name = sequence(set(sequence(identifier(oid.commonName), element(0x0c, Buffer.from(certifiedName)))))
  const validity = sequence(time(Date.now() - day), time(Date.now() + 30 * day))
  const names = sequence(element(0x82, Buffer.from(certifiedName)))
  const extensions = sequence(
    sequence(identifier(oid.basicConstraints), octets(sequence(element(0x01, Buffer.from([0xff]))))),
    sequence(identifier(oid.subjectAltName), octets(names)),
  )
  const body = sequence(
    element(0xa0, element(0x02, Buffer.from([2]))),
    element(0x02, Buffer.concat([Buffer.from([1]), randomBytes(15)])),
    algorithm,
    name,
    validity,
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    element(0xa3, extensions),
  )
  const signature = Buffer.concat([Buffer.from([0]), sign('sha256', body, privateKey)])
  const signed = sequence(body, algorithm, element(0x03, signature))
  const lines = signed.toString('base64').match(/.{1,64}/g) ?? []
  return {
    certificate: ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n'),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}

/** Type, length and contents, as DER has them. */
function element(tag: number, contents: Buffer): Buffer {
  const { length } = contents
  const long = length > 255 ? [0x82, length >> 8, length & 255] : [0x81, length]
  return Buffer.concat([Buffer.from([tag, ...(length < 128 ? [length] : long)]), contents])
}

const sequence = (...parts: readonly Buffer[]): Buffer => element(0x30, Buffer.concat(parts))
const set = (...parts: readonly Buffer[]): Buffer => element(0x31, Buffer.concat(parts))
const octets = (contents: Buffer): Buffer => element(0x04, contents)
const identifier = (bytes: readonly number[]): Buffer => element(0x06, Buffer.from(bytes))

/** UTCTime: two digits of the year, to the second. */
function time(ms: number): Buffer {
  const digits = new Date(ms).toISOString().replaceAll(/[-:T]/g, '').slice(2, 14)
  return element(0x17, Buffer.from(`${digits}Z`))
}
