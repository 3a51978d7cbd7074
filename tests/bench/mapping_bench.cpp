// How long a large mapping takes: reading 10,000 stages, and checking them against a CRM that has 5,000.
// Built and run only when asked for: cmake --build build/test --target bench_mapping
#include <benchmark/benchmark.h>

#include "mapping/mapping.h"

namespace {

using namespace cosell;

constexpr int kEntries = 10'000;
constexpr int kLive = 5'000;

std::string stage_name(int i) { return "Stage number " + std::to_string(i); }

std::string large_mapping() {
  std::string map;
  for (int i = 0; i < kEntries; ++i) {
    const char* target = i < kLive / 2 ? "10" : "20";
    map += (i == 0 ? "\"" : ",\n\"") + stage_name(i) + "\": " + target;
  }
  return "{ \"extends\": \"salesforce\", \"stages\": { \"map\": {\n" + map + "\n}, \"write_back\": { \"10\": \"" +
         stage_name(0) + "\", \"20\": \"" + stage_name(kLive - 1) + "\" } } }";
}

std::vector<mapping::LiveStage> live_stages() {
  std::vector<mapping::LiveStage> stages;
  for (int i = 0; i < kLive; ++i) {
    mapping::LiveStage stage;
    stage.id = stage_name(i);
    stage.label = stage.id;
    stages.push_back(std::move(stage));
  }
  return stages;
}

void read_and_check(benchmark::State& state) {
  const std::string text = large_mapping();
  const auto live = live_stages();
  for (auto _ : state) {
    const auto loaded = mapping::read_mapping("large.jsonc", text, {});
    if (!loaded.mapping) return state.SkipWithError("the generated mapping has a fault");
    benchmark::DoNotOptimize(mapping::check_against_live(*loaded.mapping, live, {}));
  }
}
BENCHMARK(read_and_check)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
