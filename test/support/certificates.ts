import { execFileSync } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { giveToServer } from './own-server.ts';

export interface Authority {
  /** Its certificate, a file (PEM). */
  readonly file: string;
  /** A key and a certificate for these names, signed by it; the server's user may read them. */
  readonly issue: (name: string, hosts: string) => IssuedCertificate;
}

export interface IssuedCertificate {
  readonly key: string;
  readonly certificate: string;
  /** Both in one file. */
  readonly both: string;
}

/** An authority that nobody knows, made by openssl in `dir`. */
export function makeAuthority(dir: string, name: string): Authority {
  const at = (file: string) => join(dir, `${name}-${file}`);
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const key = at('ca.key');
  const file = at('ca.pem');
  openssl('req', '-x509', ...newKey, '-keyout', key, '-out', file, '-days', '2', '-subj', `/CN=${name}`);
  return {
    file,
    issue: (server, hosts) => {
      const issued = {
        key: at(`${server}.key`),
        certificate: at(`${server}.crt`),
        both: at(`${server}.pem`),
      };
      const extensions = at(`${server}.ext`);
      writeFileSync(extensions, `subjectAltName=${hosts}\n`);
      openssl('req', ...newKey, '-keyout', issued.key, '-out', at(`${server}.csr`), '-subj', `/CN=${server}`);
      openssl(
        ...['x509', '-req', '-in', at(`${server}.csr`), '-CA', file, '-CAkey', key, '-CAcreateserial'],
        ...['-out', issued.certificate, '-days', '2', '-extfile', extensions],
      );
      writeFileSync(
        issued.both,
        `${readFileSync(issued.key, 'utf8')}${readFileSync(issued.certificate, 'utf8')}`,
      );
      for (const one of Object.values(issued)) {
        chmodSync(one, 0o600);
        giveToServer(one);
      }
      return issued;
    },
  };
}
