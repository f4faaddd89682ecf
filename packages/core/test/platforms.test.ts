import { testPlatforms } from "./platforms.ts";

testPlatforms();
