import type { Arm, Route, Version } from '../snapshot.ts';

/** The arm without a rule for a version of the route's service. A missing one is a fault of the compiler: it throws. */
export function armOf(route: Route, version: Version): Arm {
  for (let i = 0; i < route.arms.length; i++) {
    const arm = route.arms[i] as Arm;
    if (arm.version === version) return arm;
  }
  throw new Error(`route ${route.name} has no arm for version ${version.name}`);
}

/** The arm without a rule for the version of that name; null when the service has none. */
export function armNamed(route: Route, versionName: string): Arm | null {
  for (let i = 0; i < route.arms.length; i++) {
    const arm = route.arms[i] as Arm;
    if (arm.version.name === versionName) return arm;
  }
  return null;
}
