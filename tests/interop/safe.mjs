// One question to the Safe's own SDK: a JSON request on standard input, a JSON answer on standard
// output. Requests name the node, the Safe, the contracts that this chain has, and an owner's key.

import Safe, {
  buildContractSignature,
  buildSignatureBytes,
  EthSafeSignature,
} from "@safe-global/protocol-kit";
import { text } from "node:stream/consumers";

const request = JSON.parse(await text(process.stdin));

const kit = await Safe.init({
  provider: request.url,
  signer: request.key,
  safeAddress: request.safe,
  contractNetworks: { [request.chainId]: request.contracts },
});

// Exactly the transaction that the request has, down to its nonce.
async function rebuild({ to, value, data, operation, nonce }) {
  const transaction = await kit.createTransaction({
    transactions: [{ to, value, data, operation }],
    options: { nonce },
  });
  for (const { signer, data: signature, contract } of request.signatures ?? []) {
    transaction.addSignature(new EthSafeSignature(signer, signature, contract ?? false));
  }
  return transaction;
}

function plain({ data }) {
  const { to, value, data: calldata, operation, nonce } = data;
  return { to, value, data: calldata, operation, nonce: Number(nonce) };
}

async function signed(transaction) {
  const one = await kit.signTransaction(transaction, request.method ?? "eth_signTypedData_v4");
  return [...one.signatures.values()].map(({ signer, data }) => ({ signer, data }));
}

const commands = {
  // What the SDK makes of a transaction that somebody else drafted.
  async hash() {
    const transaction = await rebuild(request.transaction);
    return { hash: await kit.getTransactionHash(transaction), transaction: plain(transaction) };
  },

  async sign() {
    return { signatures: await signed(await rebuild(request.transaction)) };
  },

  // A Safe that owns this one signs with its own owners' keys, as Safe's documentation shows it.
  async signAsContract() {
    let parts = await rebuild(request.transaction);
    for (const key of request.keys) {
      const inner = await kit.connect({ signer: key, safeAddress: request.vault });
      parts = await inner.signTransaction(parts, "safe_sign", request.safe);
    }
    const joined = await buildContractSignature([...parts.signatures.values()], request.vault);
    return { signer: joined.signer, alone: buildSignatureBytes([joined]) };
  },

  async execute() {
    const transaction = await rebuild(request.transaction);
    const result = await kit.executeTransaction(transaction);
    return { transaction: result.hash };
  },

  // A draft of the SDK's own, with the key's owner's signature.
  async draft() {
    const transaction = await kit.createTransaction({
      transactions: request.calls,
      onlyCalls: true,
      options: { nonce: request.nonce },
    });
    const hash = await kit.getTransactionHash(transaction);
    return { hash, transaction: plain(transaction), signatures: await signed(transaction) };
  },

  async reject() {
    const transaction = await kit.createRejectionTransaction(request.nonce);
    return { hash: await kit.getTransactionHash(transaction), transaction: plain(transaction) };
  },
};

console.log(JSON.stringify(await commands[request.command]()));
