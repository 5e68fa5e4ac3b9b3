// Prints `N passed, N failed` from vitest's JSON report. Arguments: the report's file, the exit code of the run.
import { readFileSync } from 'node:fs';

const [file, exitCode] = process.argv.slice(2);

function readReport() {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return { numPassedTests: 0, numFailedTests: 0, testResults: [] };
  }
}

const { numPassedTests, numFailedTests, testResults } = readReport();
// A file that could not be loaded has no tests to count, and is a failure all the same.
const brokenFiles = testResults.filter(
  ({ status, assertionResults }) => status === 'failed' && assertionResults.every((one) => one.status !== 'failed'),
).length;
// So is a run that ended badly for a reason outside every test, such as an unhandled rejection.
const failed = Math.max(numFailedTests + brokenFiles, exitCode === '0' && numPassedTests > 0 ? 0 : 1);
console.log(`${numPassedTests} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
