import { once } from "node:events";
import { type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { Provider } from "oidc-provider";

/** An OpenID Connect issuer with one client. People type any login, which is their `sub`. */
export interface Issuer extends AsyncDisposable {
  readonly url: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

export interface IssuerOptions {
  /** Where the client's server is. */
  readonly clientUrl: string;
}

/** Starts `oidc-provider`, which is certified, on another site than 127.0.0.1. It requires PKCE. */
export async function startIssuer({ clientUrl }: IssuerOptions): Promise<Issuer> {
  const client = { clientId: "chatkeep", clientSecret: "a secret of tests" };
  const server: Server = createServer();
  server.listen(0, "localhost");
  await once(server, "listening");
  const url = `http://localhost:${(server.address() as AddressInfo).port}`;
  const provider = new Provider(url, {
    clients: [
      {
        client_id: client.clientId,
        client_secret: client.clientSecret,
        redirect_uris: [`${clientUrl}/api/auth/callback`],
        post_logout_redirect_uris: [`${clientUrl}/`],
      },
    ],
    pkce: { required: () => true },
    conformIdTokenClaims: false,
    ttl: { AccessToken: 600, Grant: 600, IdToken: 600, Interaction: 600, Session: 600 },
    claims: { openid: ["sub"], profile: ["name"] },
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({ sub: id, name: `${id} Lovelace` }),
    }),
  });
  const answer = provider.callback();
  server.on("request", (request, response) => void answer(request, response));
  return {
    url,
    ...client,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
