// SPDX-License-Identifier: GPL-3.0-or-later
// Judges signatures by AWS' own signer (npm: @smithy/signature-v4, @aws-crypto/sha256-js): what
// a request says that it signed is signed again. Each line of the input is an object with
// method, path, headers (names in small letters), body in base64, and the secret; each is
// answered by a line, null or why the signature is wrong.
'use strict';
const readline = require('readline');
const { SignatureV4 } = require('@smithy/signature-v4');
const { Sha256 } = require('@aws-crypto/sha256-js');

const SKEW_MS = 300000;
const AUTHORIZATION = new RegExp(
	'^AWS4-HMAC-SHA256 Credential=([^/]+)/(\\d{8})/([^/]+)/([^/]+)/aws4_request, ?' +
	'SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$');

async function judge({ method, path, headers, body, secret }) {
	const found = AUTHORIZATION.exec(headers.authorization || '');
	if (!found) return 'no authorization that can be read';
	const [, accessKeyId, day, region, service, signed, signature] = found;
	const stamp = headers['x-amz-date'] || '';
	const date = new Date(stamp.replace(/(....)(..)(..)T(..)(..)(..)Z/, '$1-$2-$3T$4:$5:$6Z'));
	if (!stamp.startsWith(day) || !(Math.abs(Date.now() - date) < SKEW_MS))
		return `it is of ${stamp}`;
	const names = signed.split(';');
	const must = Object.keys(headers).filter((n) => n === 'host' || n.startsWith('x-amz-'));
	for (const n of must) if (!names.includes(n)) return `${n} is not signed`;
	const given = {};
	for (const n of names) if (n !== 'x-amz-date') given[n] = headers[n];
	const signer = new SignatureV4({
		credentials: { accessKeyId, secretAccessKey: secret },
		region, service, sha256: Sha256, applyChecksum: false,
	});
	const again = await signer.sign({
		method, protocol: 'http:', hostname: headers.host, path, query: {}, headers: given,
		body: Buffer.from(body, 'base64').toString(),
	}, { signingDate: date });
	return again.headers.authorization.endsWith(`Signature=${signature}`)
		? null : 'the signature is another one';
}

(async () => {
	for await (const line of readline.createInterface({ input: process.stdin }))
		console.log(JSON.stringify(await judge(JSON.parse(line))));
})();
