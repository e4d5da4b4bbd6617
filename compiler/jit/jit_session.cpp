// LLVM ORC: module -> optimised -> machine code. The only place that optimises; the module is verified always.
#include <llvm/ExecutionEngine/Orc/LLJIT.h>
#include <llvm/ExecutionEngine/Orc/ThreadSafeModule.h>
#include <llvm/IR/LegacyPassManager.h>
#include <llvm/IR/Verifier.h>
#include <llvm/Transforms/Utils/Cloning.h>
#include <llvm/MC/MCSubtargetInfo.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Passes/PassBuilder.h>
#include <llvm/Passes/StandardInstrumentations.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/Support/raw_ostream.h>
#include <llvm/Target/TargetMachine.h>
#include <llvm/TargetParser/Host.h>

#include "compiler/jit/compiled_plan.h"
#include "compiler/lowering/lower_plan.h"

namespace wattlaw {
namespace {

std::string text_of(llvm::Error error) { return llvm::toString(std::move(error)); }

llvm::Expected<llvm::orc::JITTargetMachineBuilder> target_of(const JitOptions& options) {
  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();
  auto host = llvm::orc::JITTargetMachineBuilder::detectHost();
  if (!host) return host;
  const auto level = options.optimisation == Optimisation::none ? llvm::CodeGenOptLevel::None : llvm::CodeGenOptLevel::Default;
  if (options.cpu == "native") {
    host->setCodeGenOptLevel(level);
    return host;
  }
  // LLVM itself would compile for no processor in particular where it does not know the name.
  const std::string triple = host->getTargetTriple().str();
  std::string unknown;
  const llvm::Target* family = llvm::TargetRegistry::lookupTarget(triple, unknown);
  if (!family) return llvm::createStringError(llvm::inconvertibleErrorCode(), unknown);
  const std::unique_ptr<llvm::MCSubtargetInfo> processors(family->createMCSubtargetInfo(triple, "", ""));
  if (!processors->isCPUStringValid(options.cpu)) return llvm::createStringError(llvm::inconvertibleErrorCode(), "no processor is called `" + options.cpu + "`");
  llvm::orc::JITTargetMachineBuilder named(host->getTargetTriple());
  named.setCPU(options.cpu);
  named.setCodeGenOptLevel(level);
  return named;
}

unsigned vector_bits_of(const llvm::TargetMachine& machine) {
  const llvm::MCSubtargetInfo& info = *machine.getMCSubtargetInfo();
  if (info.checkFeatures("+avx512f") && info.checkFeatures("+avx512vl")) return 512;
  return info.checkFeatures("+avx2") ? 256 : 128;
}

void optimise(llvm::Module& module, llvm::TargetMachine& machine) {
  llvm::PipelineTuningOptions tuning;
  tuning.LoopVectorization = tuning.SLPVectorization = tuning.LoopInterleaving = false;  // lanes are explicit
  tuning.LoopUnrolling = true;
  llvm::PassInstrumentationCallbacks callbacks;
  llvm::OptNoneInstrumentation as_it_stands(false);  // without it passes run on functions marked `optnone`, too
  as_it_stands.registerCallbacks(callbacks);
  llvm::PassBuilder builder(&machine, tuning, std::nullopt, &callbacks);
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager components;
  llvm::ModuleAnalysisManager modules;
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  builder.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O1).run(module, modules);
}

std::string print_module(const llvm::Module& module) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  module.print(stream, nullptr);
  return text;
}

std::string print_assembly(llvm::Module& module, llvm::TargetMachine& machine) {
  llvm::SmallVector<char, 0> text;
  llvm::raw_svector_ostream stream(text);
  llvm::legacy::PassManager passes;
  const auto copy = llvm::CloneModule(module);
  if (machine.addPassesToEmitFile(passes, stream, nullptr, llvm::CodeGenFileType::AssemblyFile)) return "";
  passes.run(*copy);
  return std::string(text.begin(), text.end());
}

llvm::Error compile(const Plan& plan, const std::vector<RootSpec>& roots, const JitOptions& options, CompiledPlan& out) {
  auto target = target_of(options);
  if (!target) return target.takeError();
  auto machine = target->createTargetMachine();
  if (!machine) return machine.takeError();
  auto context = std::make_unique<llvm::LLVMContext>();
  const LoweringTarget lowering{target->getCPU(), (*machine)->getTargetFeatureString().str(), vector_bits_of(**machine), options.optimisation == Optimisation::by_work};
  auto module = lower_plan(plan, lowering, *context);
  module->setDataLayout((*machine)->createDataLayout());
  module->setTargetTriple((*machine)->getTargetTriple().str());
  std::string broken;
  llvm::raw_string_ostream stream(broken);
  if (llvm::verifyModule(*module, &stream)) return llvm::createStringError(llvm::inconvertibleErrorCode(), stream.str());
  if (options.optimisation != Optimisation::none) optimise(*module, **machine);
  if (options.wants_llvm) out.llvm = print_module(*module);
  if (options.wants_assembly) out.assembly = print_assembly(*module, **machine);
  auto jit = llvm::orc::LLJITBuilder().setJITTargetMachineBuilder(*target).create();
  if (!jit) return jit.takeError();
  llvm::orc::SymbolMap symbols;
  const auto define = [&](const std::string& name, const void* address) {
    symbols[(*jit)->mangleAndIntern(name)] = {llvm::orc::ExecutorAddr::fromPtr(address), llvm::JITSymbolFlags::Exported};
  };
  define("wattlaw_round_quotient", reinterpret_cast<const void*>(options.calls.round_quotient));
  define("wattlaw_root", reinterpret_cast<const void*>(options.calls.root));
  for (size_t i = 0; i < roots.size(); ++i) define("root_spec_" + std::to_string(i), &roots[i]);
  llvm::orc::JITDylib& library = (*jit)->getMainJITDylib();
  if (auto error = library.define(llvm::orc::absoluteSymbols(std::move(symbols)))) return error;
  if (auto error = (*jit)->addIRModule(llvm::orc::ThreadSafeModule(std::move(module), std::move(context)))) return error;
  for (size_t i = 0; i < plan.stages.size(); ++i) {
    auto address = (*jit)->lookup("stage_" + std::to_string(i));
    if (!address) return address.takeError();
    out.stages.push_back(address->toPtr<StageKernel>());
  }
  for (const PlanGather& gather : plan.gathers) {
    auto address = (*jit)->lookup(gather_name(plan, gather));
    if (!address) return address.takeError();
    out.gathers.push_back(address->toPtr<GatherKernel>());
  }
  out.code = std::shared_ptr<void>((*jit).release(), [](void* session) { delete static_cast<llvm::orc::LLJIT*>(session); });
  return llvm::Error::success();
}

}  // namespace

extern "C" void wattlaw_compile_plan(const Plan* plan, const std::vector<RootSpec>* roots, const JitOptions* options, CompiledPlan* out) {
  if (auto error = compile(*plan, *roots, *options, *out)) out->failure = text_of(std::move(error));
}

}  // namespace wattlaw
