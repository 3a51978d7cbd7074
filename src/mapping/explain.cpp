// What a mapping says about stages, for people and tools: rows, words and the lines they stand in.
#include <cstdlib>

#include "base/text.h"
#include "mapping/data.h"

namespace cosell::mapping {
namespace {

std::string meaning_in_words(const StageMeaning& meaning, bool assessment) {
  switch (meaning.kind) {
    case StageMeaning::Kind::open:
      return stage_in_words(meaning.stage, assessment);
    case StageMeaning::Kind::closed:
      return "closed as " + text::lower_ascii(name_of(meaning.outcome));
    case StageMeaning::Kind::waiting:
      return "sent by Microsoft, not answered yet";
    case StageMeaning::Kind::ignore:
      return "left out";
  }
  std::abort();
}

}  // namespace

const std::string& Mapping::record_type_column() const { return data_->stages.record_type_column(); }
std::vector<std::string> Mapping::record_types() const { return data_->stages.record_types(); }

std::vector<std::string> Mapping::mapped_stages(const std::string& record_type) const {
  return data_->stages.of_type(record_type).names();
}

std::vector<MappedStage> Mapping::stage_table(const std::string& record_type) const {
  const StageTable& table = data_->stages.of_type(record_type);
  std::vector<MappedStage> rows;
  for (const StageMeaning& m : table.meanings()) {
    MappedStage row;
    row.record_type = table.record_type();
    row.crm_stage = m.crm_stage;
    row.target = target_name(m);
    row.means = meaning_in_words(m, table.assessment());
    row.written_back = table.is_written_back(m);
    row.file = data_->files.file(m.at.file);
    row.line = m.at.line;
    rows.push_back(std::move(row));
  }
  return rows;
}

std::string Mapping::explain_stage(const std::string& crm_stage, const std::string& record_type) const {
  const StageTable& table = data_->stages.of_type(record_type);
  const StageMeaning* meaning = table.find(crm_stage);
  if (meaning == nullptr) return crm_stage + " -> not mapped (" + data_->files.place(table.at()) + ")";
  return meaning->crm_stage + " -> " + meaning_in_words(*meaning, table.assessment()) + " (" +
         data_->files.place(meaning->at) + ")";
}

}  // namespace cosell::mapping
