# Another processor than this computer's: ruby -r processor.rb, with its name in PROCESSOR.
require "rbconfig"
RbConfig::CONFIG["host_cpu"] = ENV.fetch("PROCESSOR")
