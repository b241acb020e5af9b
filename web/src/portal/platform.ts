// What devices run, and what that means for whoever sets one up.
import { type Browser, type Platform, text } from "../text";
import type { IconName } from "../ui/Icon";

interface Facts {
	icon: IconName;
	/** Where its maker offers the app; none where the package manager has it. */
	app?: string;
}

export const platforms: Record<Platform, Facts> = {
	windows: { icon: "desktop", app: "https://openvpn.net/client/client-connect-vpn-for-windows/" },
	macos: { icon: "laptop", app: "https://openvpn.net/client/client-connect-vpn-for-mac-os/" },
	linux: { icon: "terminal" },
	android: { icon: "android", app: "https://play.google.com/store/apps/details?id=net.openvpn.openvpn" },
	ios: { icon: "phone", app: "https://apps.apple.com/app/openvpn-connect-openvpn-app/id590379981" },
};

export const platformNames = Object.keys(platforms) as Platform[];

export function isPlatform(name: string | null): name is Platform {
	return name !== null && Object.hasOwn(platforms, name);
}

export type Handheld = keyof typeof text.setUp.handhelds;

/** It has a camera, and no folder where files are found again. */
export function isHandheld(platform: Platform): platform is Handheld {
	return Object.hasOwn(text.setUp.handhelds, platform);
}

// In order: many call themselves what those below them are as well.
const signs: [RegExp, Platform][] = [
	[/Android/, "android"],
	[/iPhone|iPad/, "ios"],
	[/Mac OS X/, "macos"],
	[/Windows/, "windows"],
	[/Linux|X11/, "linux"],
];
const browserSigns: [RegExp, Browser][] = [
	[/Edg(e|A|iOS)?\//, "edge"],
	[/OPR\//, "opera"],
	[/SamsungBrowser\//, "samsung"],
	[/(Firefox|FxiOS)\//, "firefox"],
	[/(Chrome|CriOS|Chromium)\//, "chrome"],
	[/Safari\//, "safari"],
];

function firstOf<T>(known: [RegExp, T][], agent: string): T | undefined {
	return known.find(([sign]) => sign.test(agent))?.[1];
}

/** What a browser that calls itself `agent` runs on. */
export function platformOf(agent: string): Platform | undefined {
	return firstOf(signs, agent);
}

export function browserOf(agent: string): Browser | undefined {
	return firstOf(browserSigns, agent);
}

/** What a browser calls itself, as people call it. */
export function agentName(agent: string | null | undefined): string {
	const browser = browserOf(agent ?? ""), platform = platformOf(agent ?? "");
	if (browser && platform) return text.sessions.browserOn(text.browsers[browser], text.platforms[platform]);
	return agent ?? text.sessions.unknown;
}

/** What it runs, or else what shows this page. */
export function runs(device: { platform: string | null }): Platform {
	return isPlatform(device.platform) ? device.platform : thisPlatform();
}

/** The device that shows this page. */
export function thisPlatform(): Platform {
	const platform = platformOf(navigator.userAgent) ?? "linux";
	// An iPad calls itself a Mac, which has no touch screen.
	return platform === "macos" && navigator.maxTouchPoints > 1 ? "ios" : platform;
}
