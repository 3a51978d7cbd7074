// What a mapping says about stages, in words with the line they stand in.
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

std::string Mapping::explain_stage(const std::string& crm_stage, const std::string& record_type) const {
  const StageTable& table = data_->stages.of_type(record_type);
  const StageMeaning* meaning = table.find(crm_stage);
  if (meaning == nullptr) return crm_stage + " -> not mapped (" + data_->files.place(table.at()) + ")";
  return meaning->crm_stage + " -> " + meaning_in_words(*meaning, table.assessment()) + " (" +
         data_->files.place(meaning->at) + ")";
}

}  // namespace cosell::mapping
