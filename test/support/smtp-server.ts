import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

export interface SmtpServer {
  readonly url: string;
  /** Whole mails as they came, headers first. */
  readonly mails: string[];
  /** Refuses the next recipients with this code; 0 takes them again. */
  refuse: (code: number) => void;
  readonly close: () => Promise<void>;
}

/** Takes mail as a server does (RFC 5321), and keeps it. */
export async function startSmtpServer(): Promise<SmtpServer> {
  const mails: string[] = [];
  const sockets = new Set<Socket>();
  let refused = 0;
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    let data: string | undefined;
    let buffer = '';
    const say = (line: string) => socket.write(`${line}\r\n`);
    const answer = (line: string) => {
      const verb = line.slice(0, 4).toUpperCase();
      if (verb === 'DATA') {
        data = '';
        return say('354 go on');
      }
      if (verb === 'QUIT') return void socket.end('221 bye\r\n');
      if (verb === 'RCPT' && refused > 0) return say(`${refused} no`);
      say('250 ok');
    };
    socket.on('data', (chunk) => {
      buffer += chunk.toString();
      for (let at = buffer.indexOf('\r\n'); at >= 0; at = buffer.indexOf('\r\n')) {
        const line = buffer.slice(0, at);
        buffer = buffer.slice(at + 2);
        if (data === undefined) answer(line);
        else if (line !== '.') data += `${line}\r\n`;
        else {
          mails.push(data);
          data = undefined;
          say('250 kept');
        }
      }
    });
    socket.on('error', () => undefined);
    say('220 test');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`,
    mails,
    refuse: (code) => {
      refused = code;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
