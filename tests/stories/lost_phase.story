# A fuse of one phase blows: the other two stand, the message says so, and it is no outage
start 10:00
cabin 松林客栈, owner Ailin, second 叶尔兰
  room 水泵房 on 2号箱 6号开关, 40 A
水泵房 voltage phase A every 10s: 228 x 120
水泵房 voltage phase B every 10s: 229 x 30, 4 x 90
水泵房 voltage phase C every 10s: 230 x 120
expect at 5m30s   case opened, voltage, alarm
expect by 5m35s   notice sms to Ailin, "水泵房", "缺相", "停用三相"
expect by 6m35s   notice voice to Bolat
expect none       case opened, silence
