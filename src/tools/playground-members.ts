/**
 * The members of the playground's pools: small web servers, each on an address of its own, that say who they
 * are. One of the pools' members is nobody.
 */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';

const MEMBERS = [1, 2, 3, 4, 5, 6].map((last) => `127.53.5.${last}`);

export interface Members {
  close(): Promise<void>;
}

/** All at that port. Rejects where it cannot be had. */
export async function openMembers(port: number): Promise<Members> {
  const servers: Server[] = [];
  const close = async (): Promise<void> => {
    for (const server of servers) server.closeAllConnections();
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  };
  for (const address of MEMBERS) {
    const server = createServer((_, response) => response.end(`${address} is well\n`));
    servers.push(server);
    try {
      await once(server.listen(port, address), 'listening');
    } catch (error) {
      await close();
      throw error;
    }
  }
  return { close };
}
