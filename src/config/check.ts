import { checkConditions } from './check/check-conditions.ts';
import { CheckContext, type CheckInput } from './check/check-context.ts';
import { checkListeners } from './check/check-listeners.ts';
import { checkRoutes } from './check/check-routes.ts';
import { checkServices } from './check/check-services.ts';
import { checkUnreachable } from './check/check-unreachable.ts';

/** Holds a valid configuration against itself: what it names is there, and every part of it can be reached. */
export function checkConfiguration(input: CheckInput): void {
  const context = new CheckContext(input);
  checkListeners(context);
  checkServices(context);
  checkRoutes(context);
  checkConditions(context);
  if (!input.isPartial) checkUnreachable(context);
}
