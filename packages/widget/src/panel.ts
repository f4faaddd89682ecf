export { type Panel, type PanelOptions, mountPanel } from "./panel/mount.tsx";
