// What pages are made of, without a page: a module of src/ as this program can run it.
import { fileURLToPath, URL } from "node:url";
import { build } from "vite";

// What a module looks for as it is loaded.
globalThis.location ??= new URL("https://vpn.example.org/");

export async function load(path) {
	const { output: [{ code }] } = await build({
		configFile: false,
		logLevel: "error",
		build: {
			write: false,
			minify: false,
			rollupOptions: {
				input: fileURLToPath(new URL(`../../src/${path}`, import.meta.url)),
				preserveEntrySignatures: "strict",
				output: { format: "es" },
			},
		},
	});
	return import(`data:text/javascript,${encodeURIComponent(code)}`);
}
