#!/bin/bash
# Writes server.properties from the environment, formats the storage on the first start, then becomes the broker. Reads what
# the official image reads: CLUSTER_ID, KAFKA_HEAP_OPTS, KAFKA_OPTS and every KAFKA_SOME_NAME as the property some.name (two
# underscores for one, three for a hyphen).
set -euo pipefail

properties=/opt/kafka/config/server.properties
reserved='^KAFKA_(OPTS|HEAP_OPTS|JMX_OPTS|JVM_PERFORMANCE_OPTS)='

property() {
  local name=${1#KAFKA_}
  name=${name,,}
  name=${name//___/-}
  name=${name//__/$'\x01'}
  name=${name//_/.}
  printf '%s' "${name//$'\x01'/_}"
}

: > "$properties"
while IFS= read -r -d '' variable; do
  if [[ $variable =~ ^KAFKA_ ]] && ! [[ $variable =~ $reserved ]]; then
    value=${variable#*=}
    printf '%s=%s\n' "$(property "${variable%%=*}")" "${value//$'\n'/\\n}" >> "$properties"
  fi
done < <(env -0)

options=(${KAFKA_HEAP_OPTS:--Xms256m -Xmx512m} ${KAFKA_OPTS:-})
logging=(-Dorg.slf4j.simpleLogger.defaultLogLevel=warn -Dorg.slf4j.simpleLogger.showDateTime=true)
java=(java "${options[@]}" "${logging[@]}" -cp '/opt/kafka/libs/*')

"${java[@]}" kafka.tools.StorageTool format --ignore-formatted \
  --cluster-id "${CLUSTER_ID:-5L6g3nShT-eMCtK--X86sw}" --config "$properties"
exec "${java[@]}" kafka.Kafka "$properties"
